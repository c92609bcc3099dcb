import { defineEvent } from '../../../../dist/index.js'

export const Order = defineEvent('Order')
