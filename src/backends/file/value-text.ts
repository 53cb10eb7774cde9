import type { Payload } from "../../core/entry.js";

/** The codec whose text is JSON and stands in files as it is. */
const JSON_CODEC = 1;

/** How a value stands in a line of a file: as JSON of its own, as a JSON string of text, or of base64 of bytes. */
export const VALUE_FORM = { json: 0, text: 1, base64: 2 } as const;
export type ValueForm = (typeof VALUE_FORM)[keyof typeof VALUE_FORM];

/** What must not stand in a line of a file. */
const BROKEN_LINE = /[\t\n\0]/;

/** A tab comes before every value in a line, and a newline ends the line; JSON on one line has neither. */
export function valueForm({ codec, data }: Payload): ValueForm {
  if (typeof data !== "string") return VALUE_FORM.base64;
  const plain = codec === JSON_CODEC && !BROKEN_LINE.test(data);
  return plain ? VALUE_FORM.json : VALUE_FORM.text;
}

export function valueText(data: string | Uint8Array, form: ValueForm): string {
  if (form === VALUE_FORM.json) return data as string;
  if (form === VALUE_FORM.text) return JSON.stringify(data);
  const bytes = data as Uint8Array;
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}"`;
}

/** The data again; `text` is what {@link valueText} gave, its checksum already looked at. */
export function valueData(text: string, form: ValueForm): string | Uint8Array {
  if (form === VALUE_FORM.json) return text;
  return form === VALUE_FORM.text ? (JSON.parse(text) as string) : Buffer.from(text.slice(1, -1), "base64");
}
