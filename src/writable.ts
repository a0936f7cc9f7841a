/**
 * A value while it is made, where there are so many of them that it shows: to spread a part of it for each of its optional
 * properties takes V8 microseconds, as copies of whole values do.
 */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
