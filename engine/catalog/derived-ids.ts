/** Numbers of parts of objects that have no ids of their own: made of the object's, far above object ids. */
import type { ObjectId } from './definitions.ts';

const FIRST_DOMAIN_CHECK = 3_500_000_000;
/** Checks of one domain. */
const MOST_CHECKS = 64;

export function domainCheckId(typeId: ObjectId, at: number): ObjectId {
  return FIRST_DOMAIN_CHECK + typeId * MOST_CHECKS + at;
}

/** The domain and the place of its check, if the number is one of a check. */
export function domainCheckOf(id: ObjectId): { readonly typeId: ObjectId; readonly at: number } | undefined {
  if (id < FIRST_DOMAIN_CHECK) return undefined;
  const number = id - FIRST_DOMAIN_CHECK;
  return { typeId: Math.trunc(number / MOST_CHECKS), at: number % MOST_CHECKS };
}
