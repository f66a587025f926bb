// Deep readonly: objects out of a cache are shared, so their types must not allow a change.
// Separate because zod infers mutable types and every kind goes through this one.

export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;
