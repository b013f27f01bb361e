/** A dimension of a model that a program builds: a number, a name with a definition, or arithmetic on them. */
export type SizeNode =
  | { readonly s: "number"; readonly value: number }
  /** `definition` is what stands behind `dim name =`. */
  | { readonly s: "name"; readonly name: string; readonly definition: SizeDefinition }
  | { readonly s: "binary"; readonly op: "+" | "-" | "*" | "/"; readonly left: SizeNode; readonly right: SizeNode }
  | { readonly s: "round"; readonly fn: "ceil" | "floor"; readonly of: SizeNode };

export type SizeDefinition =
  | { readonly kind: "size"; readonly size: SizeNode }
  | { readonly kind: "runtime"; readonly min: number; readonly max: number; readonly step: number };

/** A size, or a number as one. */
export type SizeLike = Size | number;

/** A size. Arithmetic is exact: `div` must divide, else `ceil` or `floor` round the quotient. */
export class Size {
  constructor(readonly node: SizeNode) {}
  /** this + other. */
  add(other: SizeLike): Size {
    return this.binary("+", other);
  }
  /** this - other. */
  sub(other: SizeLike): Size {
    return this.binary("-", other);
  }
  /** this · other. */
  mul(other: SizeLike): Size {
    return this.binary("*", other);
  }
  /** this / other, which must come out whole, unless `ceil` or `floor` follows. */
  div(other: SizeLike): Size {
    return this.binary("/", other);
  }
  /** Rounded up. */
  ceil(): Size {
    return new Size({ s: "round", fn: "ceil", of: this.node });
  }
  /** Rounded down. */
  floor(): Size {
    return new Size({ s: "round", fn: "floor", of: this.node });
  }
  private binary(op: "+" | "-" | "*" | "/", other: SizeLike): Size {
    return new Size({ s: "binary", op, left: this.node, right: sizeOf(other).node });
  }
}

export const sizeOf = (size: SizeLike): Size =>
  typeof size === "number" ? new Size({ s: "number", value: size }) : size;

/** As it is written in the language. */
export function writeSize(size: SizeNode): string {
  switch (size.s) {
    case "number":
      return String(size.value);
    case "name":
      return size.name;
    case "round":
      return `${size.fn}(${writeSize(size.of)})`;
    case "binary": {
      const operand = (s: SizeNode): string => (s.s === "binary" ? `(${writeSize(s)})` : writeSize(s));
      return `${operand(size.left)} ${size.op} ${operand(size.right)}`;
    }
  }
}

export const writeDefinition = (of: SizeDefinition): string =>
  of.kind === "size" ? writeSize(of.size) : `? in ${of.min}..${of.max}${of.step === 1 ? "" : ` step ${of.step}`}`;

/** Every named size that `size` mentions, those of definitions before the ones they define. */
export function namedSizes(size: SizeNode): readonly Extract<SizeNode, { s: "name" }>[] {
  switch (size.s) {
    case "number":
      return [];
    case "name":
      return [...(size.definition.kind === "size" ? namedSizes(size.definition.size) : []), size];
    case "round":
      return namedSizes(size.of);
    case "binary":
      return [...namedSizes(size.left), ...namedSizes(size.right)];
  }
}
