export { type DiskOptions, disk } from './broker/disk/disk.ts'
