/**
 * A user's words for a plain text beside ours, such as a notice or the tab's title: their direction
 * changes nothing around them (Unicode's FSI and PDI). In markup `<bdi>` does the same.
 */
export const isolated = (words: string): string => `\u2068${words}\u2069`;
