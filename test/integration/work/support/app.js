import { shopOfEnvironment } from './shop.js'

export const { events, hub } = shopOfEnvironment()
