/**
 * | rule        | was broken when                                                                                     |
 * | ----------- | --------------------------------------------------------------------------------------------------- |
 * | `lost`      | a reader went past a message of its channels, and was told of no gap                                |
 * | `duplicate` | a reader got a message twice                                                                        |
 * | `order`     | ids did not rise, or a message came before one that had been acknowledged before it was published   |
 * | `position`  | one message had two positions in one log, or one position two messages                              |
 * | `gap`       | a gap was told that nothing explains, or twice for one cause                                        |
 * | `stuck`     | the faults were over, and a reader did not come to the end, or a publish was not acknowledged       |
 * | `altered`   | data, event or channels were not those that were published                                          |
 * | `odd`       | a status, a block or a message that nobody should see                                               |
 */
export type Rule = 'lost' | 'duplicate' | 'order' | 'position' | 'gap' | 'stuck' | 'altered' | 'odd'

export interface Violation {
  readonly rule: Rule
  readonly text: string
  readonly reader?: number | undefined
  readonly message?: number | undefined
  /** Where in the history it shows. */
  readonly index?: number | undefined
}
