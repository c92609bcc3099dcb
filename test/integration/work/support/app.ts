import type { Events } from '../../../../src/events/api.ts'
import { shopOfEnvironment } from './shop.js'

const shop = shopOfEnvironment()

export const events: Events = shop.events
export const hub = shop.hub
