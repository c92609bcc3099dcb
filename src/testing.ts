export {
  type BrokerContractOptions,
  type BrokerUnderTest,
  brokerContract,
  type Test,
} from './testing/broker-contract.ts'
