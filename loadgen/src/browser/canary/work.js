// Work that is always the same: 16 million steps of Marsaglia's xorshift, about a tenth of a second of one core's time.
// The page's picture stands behind it and is painted when it is done.
(() => {
  let noise = 0x2545f491 | 0;
  for (let step = 0; step < 16e6; step += 1) {
    noise ^= noise << 13;
    noise ^= noise >>> 17;
    noise ^= noise << 5;
  }
  // What is not used need not be worked out.
  window.noise = noise;
})();
