/** What one file may contain. Each limit has its own message; all are far beyond what people write. */

/** Characters of one file. */
export const sizeLimit = 2 * 1024 * 1024;
/** Errors shown of one file. */
export const errorLimit = 100;
/** Brackets, `if`s, prefix operators, powers and suffixes around one place. Every later pass recurses over them. */
export const nestingLimit = 64;
/** Operands of one sum, product, `and` or `or`. */
export const operandLimit = 4096;
/** Terms of one size. Sizes are left-deep in the tree, so their length counts as depth. */
export const sizeTermLimit = 64;
