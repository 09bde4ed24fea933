/** Reads server-sent events from an address, as far as tests need it. */
export interface ReadEvent {
  readonly event: string;
  readonly id: number;
  // biome-ignore lint/suspicious/noExplicitAny: the events of a stream have many shapes
  readonly data: any;
}

/** Events as they come, until the stream ends. */
export async function* readEvents(url: string, signal?: AbortSignal): AsyncGenerator<ReadEvent> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  if (response.status !== 200 || response.body === null) {
    throw new Error(`${response.status}: ${await response.text()}`);
  }
  let text = '';
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
        }),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      yield {
        event: fields.get('event') ?? 'message',
        id: Number(fields.get('id')),
        data: JSON.parse(data),
      };
    }
  }
}
