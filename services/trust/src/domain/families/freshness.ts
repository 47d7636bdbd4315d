/** 1 until the age reaches `full`, then linear to 0 at twice that. */
export function freshness(age: number, full: number): number {
  return age <= full ? 1 : Math.max(0, 1 - (age - full) / full);
}
