export { type Config, defineConfig, type FileNameStyle, type TestRunner } from './config/config.ts'
