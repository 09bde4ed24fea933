/** Several watchers as one: each hears everything that it listens for, in turn. */

type Hook = (...told: never[]) => void | Promise<void>;

/** Hooks by their names; what waits for a hook waits for that of every watcher. */
type Hooks<Observer> = { readonly [Name in keyof Observer]?: Hook | undefined };

export function allObservers<Observer extends Hooks<Observer>>(
  observers: readonly Observer[],
): Observer {
  const names = new Set(observers.flatMap((one) => Object.keys(one) as (keyof Observer)[]));
  const hooks = [...names].map((name) => {
    const all: readonly Hook[] = observers.flatMap((one) => one[name] ?? []);
    const tellAll: Hook = (...told) => {
      const waits = all.map((hook) => hook(...told)).filter((wait) => wait instanceof Promise);
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
    };
    return [name, tellAll] as const;
  });
  return Object.fromEntries(hooks) as unknown as Observer;
}
