// @ts-check
import { defineConfig } from 'millrace/config'

export default defineConfig({ app: 'app.js' })
