// @ts-check
import { createServer } from 'node:http'
import { announce } from './announce.js'
import { channelsIn } from './publish.js'

/** The application behind Pushpin: it says which channels a reader is to get, and is out of it then. */
announce(
  createServer((request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'grip-hold': 'stream',
      'grip-channel': channelsIn(request.url).join(', '),
    })
    response.end(': open\n\n')
  }),
)
