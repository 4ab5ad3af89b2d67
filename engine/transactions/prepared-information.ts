/** What is known of a transaction that waits between the two phases of its commit. */
export interface PreparedInformation {
  readonly name: string;
  readonly id: number;
  readonly role: number;
  readonly databaseId: number;
  /** Microseconds since 1970-01-01. */
  readonly preparedAt: number;
  readonly isolation: 'read_committed' | 'repeatable_read' | 'serializable';
}
