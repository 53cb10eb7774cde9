declare const resolved: unique symbol;

/**
 * Names something that plugins share, and carries its type: `host.resolve(token)` answers a `T`. Two tokens are
 * never equal, whatever their names; the name is for messages.
 */
export type InjectionToken<T> = symbol & { readonly [resolved]: () => T };

/** A new token. `name` is how messages call it. */
export function token<T>(name: string): InjectionToken<T> {
  return Symbol(name) as InjectionToken<T>;
}

/** The name a token was made with. */
export function tokenName(of: InjectionToken<unknown>): string {
  return (of as symbol).description ?? "";
}
