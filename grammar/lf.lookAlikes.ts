/**
 * Characters that look like one of the language, or are used for it in papers, with what to write instead. They come
 * from word processors, input methods and copied formulas.
 */
export function lookAlike(char: string): string | undefined {
  const found = table.get(char);
  if (found !== undefined) return found;
  const code = char.codePointAt(0) ?? 0;
  // The full-width forms of East Asian typesetting repeat ASCII in order.
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xff01 + 0x21);
  return undefined;
}

const table: ReadonlyMap<string, string> = new Map([
  ..."\u00d7\u00b7\u22c5\u2217\u2219\u2a2f\u2022".split("").map((c) => [c, "*"] as const),
  ..."\u00f7\u2215\u2044".split("").map((c) => [c, "/"] as const),
  ..."\u2212\u2010\u2011\u2012\u2013\u2014\ufe63".split("").map((c) => [c, "-"] as const),
  ..."\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u2033".split("").map((c) => [c, '"'] as const),
  ..."\u2190\u21d0".split("").map((c) => [c, "="] as const),
  ..."\u2192\u21d2\u27f6".split("").map((c) => [c, "->"] as const),
  ..."\u2264\u2a7d".split("").map((c) => [c, "<="] as const),
  ..."\u2265\u2a7e".split("").map((c) => [c, ">="] as const),
  ..."\u27e8\u2329".split("").map((c) => [c, "<"] as const),
  ..."\u27e9\u232a".split("").map((c) => [c, ">"] as const),
  ..."\u2211\u03a3".split("").map((c) => [c, "sum[…]"] as const),
  ..."\u220f\u03a0".split("").map((c) => [c, "prod[…]"] as const),
  ..."\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad"
    .split("")
    .map((c) => [c, " "] as const),
  ["\u2260", "!="],
  ["\u2026", ".."],
  ["\u2227", "and"],
  ["\u2228", "or"],
  ["\u00ac", "not"],
  ["\u221a", "sqrt(…)"],
  ["\u00b2", "^ 2"],
  ["\u00b3", "^ 3"],
  ["\u2208", "in"],
  ["\u037e", ","],
  ["\u2236", ":"],
  ["\u3001", ","],
  ["\u2028", " "],
  ["\u2029", " "],
  ["\u0085", " "],
  // Cyrillic and Greek letters that are drawn like Latin ones.
  ...pairs("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501", "aeopcyxijshd"),
  ...pairs("\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405", "ABEKMHOPCTXIJS"),
  ...pairs("\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7", "ABEZHIKMNOPTYX"),
  ...pairs("\u03bf\u03bd\u03b9", "ovi"),
]);

function pairs(from: string, to: string): (readonly [string, string])[] {
  return Array.from(from, (c, i) => [c, to.charAt(i)] as const);
}
