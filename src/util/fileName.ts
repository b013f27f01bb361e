/**
 * The name of a file for what a program calls `name`: readable, not too long for any file system, and none of the names
 * that Windows keeps for devices. `otherwise` stands for a name of which nothing is left.
 */
export function fileName(name: string, otherwise: string): string {
  const plain = name
    .slice(0, 80)
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/^_+$/, "");
  if (plain === "") return otherwise;
  return /^(con|nul|aux|prn|com\d|lpt\d)$/i.test(plain) ? `${plain}_` : plain;
}
