import { shopOfEnvironment } from './shop.js'

export const { events, hub } = shopOfEnvironment()

// As a pool of connections to a database would, it keeps the process alive.
setInterval(() => {}, 1_000_000)
