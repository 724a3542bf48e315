// WebGPU that a test looks into: the real one behind proxies that count calls, and fakes that only have a name.

// deno-lint-ignore no-explicit-any
type Call = (...args: any[]) => any;

/** What a spy changes. */
export interface Changes {
  /** The adapter's name. */
  readonly info?: Partial<GPUAdapterInfo>;
  /** Limits of the device, as it says. */
  readonly limits?: Partial<GPUSupportedLimits>;
  /** Calls of the device that go here first; `real` is the call itself. */
  readonly calls?: Record<string, (real: Call, device: GPUDevice) => Call>;
}

/** A GPU object and what is seen through it. */
export interface Spy {
  /** Give it to `GpuDevice.open`. */
  readonly gpu: GPU;
  /** How often the device and its queue were asked for something, by the name of the call. */
  readonly counts: Record<string, number>;
  /** What was asked for when the device was opened. */
  requested?: GPUDeviceDescriptor;
  /** The real device, once it is open. */
  device: GPUDevice;
}

/** The real GPU, watched and changed. */
export function spyGpu({ info, limits, calls = {} }: Changes = {}): Spy {
  const counts: Record<string, number> = {};
  const watched = <T extends object>(target: T, other: (name: string) => unknown): T =>
    new Proxy(target, {
      get(target, name) {
        const replaced = other(String(name));
        if (replaced !== undefined) return replaced;
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        const real: Call = value.bind(target);
        return (...args: unknown[]) => {
          counts[String(name)] = (counts[String(name)] ?? 0) + 1;
          return (calls[String(name)]?.(real, spy.device) ?? real)(...args);
        };
      },
    });
  const spy: Spy = {
    counts,
    device: undefined!,
    gpu: {
      async requestAdapter(): Promise<GPUAdapter> {
        const adapter = (await navigator.gpu.requestAdapter())!;
        const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
          spy.requested = descriptor;
          const device = spy.device = await adapter.requestDevice(descriptor);
          const queue = watched(device.queue, () => undefined);
          const all = limits && new Proxy(device.limits, {
            get: (target, name) => Reflect.get(limits, name) ?? Reflect.get(target, name, target),
          });
          return watched(
            device,
            (name) => ({ queue, limits: all } as Record<string, unknown>)[name],
          );
        };
        const replaced: Record<string, unknown> = { info, requestDevice };
        return watched(adapter, (name) => replaced[name]);
      },
    } as unknown as GPU,
  };
  return spy;
}

/** A GPU object that has nothing but an adapter's name, or an own `requestAdapter`. */
export function fakeGpu(
  adapter: Partial<GPUAdapterInfo> | (() => Promise<GPUAdapter | null>),
): GPU {
  const requestAdapter = typeof adapter === "function" ? adapter : () =>
    Promise.resolve({
      info: { vendor: "", architecture: "", device: "", description: "", ...adapter },
    });
  return { requestAdapter } as unknown as GPU;
}

/** Runs `body` where `navigator` is something else: undefined as in Node 20. */
export async function withNavigator<T>(
  navigator: Partial<Navigator> | undefined,
  body: () => T | Promise<T>,
): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator")!;
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  try {
    return await body();
  } finally {
    Object.defineProperty(globalThis, "navigator", own);
  }
}
