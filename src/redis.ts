export { type RedisOptions, redis } from './broker/redis/redis.ts'
