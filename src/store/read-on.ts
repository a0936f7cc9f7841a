/**
 * So many of those that can be read, though some rows cannot: who asks for a page must not take a short one for the last.
 * `page`: so many rows at most, after that one.
 */
export async function readOn<Row, One>(
  limit: number,
  page: (last: Row | undefined, most: number) => Promise<readonly Row[]>,
  read: (row: Row) => One | undefined,
): Promise<readonly One[]> {
  const found: One[] = [];
  let last: Row | undefined;
  for (;;) {
    const most = limit - found.length;
    const rows = await page(last, most);
    found.push(...rows.flatMap((row) => read(row) ?? []));
    last = rows.at(-1);
    if (rows.length < most || found.length >= limit) return found;
  }
}
