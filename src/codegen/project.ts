import { IndentationText, NewLineKind, Project, QuoteKind, type SourceFile, type StatementStructures } from "ts-morph";

/**
 * Prints a file from ts-morph structures. Only this folder imports ts-morph, and only by way of `module.ts`, which is
 * itself loaded when a module is asked for: the package brings a whole TypeScript along.
 */
export function printFile(path: string, head: string, statements: readonly (string | StatementStructures)[]): string {
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    compilerOptions: { allowJs: true },
    manipulationSettings: {
      indentationText: IndentationText.TwoSpaces,
      newLineKind: NewLineKind.LineFeed,
      quoteKind: QuoteKind.Double,
      useTrailingCommas: true,
    },
  });
  const file: SourceFile = project.createSourceFile(path, { statements: [...statements] });
  return `${head}\n${file.getFullText()}`;
}

/** A doc comment: a `*` + `/` in the text would end it. */
export const docOf = (...parts: readonly string[]): { readonly docs?: string[] } => {
  const text = parts
    .filter((p) => p !== "")
    .join("\n")
    .replaceAll("*/", "*\\/");
  return text === "" ? {} : { docs: [text] };
};
