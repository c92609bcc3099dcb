// @ts-check
import { timeEncoder } from './encoder.js'
import { timeFanOut } from './fan-out.js'

/** Prints what single parts of the hub take, as JSON. They are the parts that are built, in `dist`. */
console.log(JSON.stringify([...timeEncoder(), ...timeFanOut()]))
