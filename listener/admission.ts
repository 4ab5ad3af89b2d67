/** Admission control: how many connections are open in all and per client address, against the limits. */
import type { Refusal } from './messages.ts';

export interface AdmissionLimits {
  readonly connections: number;
  /** Per client address; 0 = no limit of its own. */
  readonly connectionsPerClient: number;
}

export class Admission {
  #limits: AdmissionLimits;
  #open = 0;
  readonly #perClient = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  setLimits(limits: AdmissionLimits): void {
    this.#limits = limits;
  }

  /** Counts the connection in and returns undefined, or says why it is refused (and counts nothing). */
  enter(address: string): Refusal | undefined {
    if (this.#open >= this.#limits.connections) return 'too_many_connections';
    const ofClient = this.#perClient.get(address) ?? 0;
    const perClient = this.#limits.connectionsPerClient;
    if (perClient > 0 && ofClient >= perClient) return 'too_many_connections_of_client';
    this.#open++;
    this.#perClient.set(address, ofClient + 1);
    return undefined;
  }

  leave(address: string): void {
    this.#open--;
    const ofClient = (this.#perClient.get(address) ?? 1) - 1;
    if (ofClient === 0) this.#perClient.delete(address);
    else this.#perClient.set(address, ofClient);
  }
}
