export {
  type BrokerContractOptions,
  type BrokerUnderTest,
  brokerContract,
  type Test,
} from './testing/broker-contract.ts'
export { type QueueContractOptions, type QueueUnderTest, queueContract } from './testing/queue-contract.ts'
