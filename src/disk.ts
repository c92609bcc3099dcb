export { type DiskOptions, disk } from './broker/disk/disk.ts'
export { type DiskQueueOptions, diskQueue } from './queue/disk/disk-queue.ts'
