/** Of so many in an order in which all that are `before` come first: the position of the first that is not. */
export function partitionPoint(count: number, isBefore: (position: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
