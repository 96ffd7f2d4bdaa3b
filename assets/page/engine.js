// Opens page-engine.wasm in a page, also one that was opened from a file: its bytes come from a text, gzipped and in base64.
// `await openEngine(base64, loading)` gives the functions steps, explanation, readouts and scene: a request as an object, an answer as text.
async function openEngine(base64, loading) {
  const bytes = await unpacked(base64, "gzip");
  // The engine writes to no file and reads none: what its C library could call answers that there is none.
  const none = () => 8;
  const system = { fd_close: none, fd_fdstat_get: none, fd_read: none, fd_seek: none, fd_write: none, random_get: () => 0 };
  const { instance } = await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: system });
  const engine = instance.exports;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const ask = (name, text) => {
    const request = encoder.encode(text);
    const start = engine.page_allocate(request.length);
    new Uint8Array(engine.memory.buffer, start, request.length).set(request);
    const answer = engine[name](start, request.length);
    engine.page_release(start);
    return decoder.decode(new Uint8Array(engine.memory.buffer, answer, engine.page_answer_length()));
  };
  const loaded = ask("page_load", loading);
  if (loaded !== "{}") throw new Error(loaded);
  return {
    steps: (request) => ask("page_steps", JSON.stringify(request)),
    explanation: (request) => ask("page_explanation", JSON.stringify(request)),
    readouts: (request) => ask("page_readouts", JSON.stringify(request)),
    scene: (request) => ask("page_scene", JSON.stringify(request)),
  };
}

// The bytes of a text in base64, packed as `format` says: "gzip" or "deflate".
function unpacked(base64, format) {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream(format))).arrayBuffer();
}
