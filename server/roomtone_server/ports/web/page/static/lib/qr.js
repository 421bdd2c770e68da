/**
 * A QR code, by ISO/IEC 18004: bytes with error correction of level M, in the versions 1 to 9. Pure.
 *
 * Of the eight masks it always takes the first. The standard has an encoder choose, so that no text looks like one of
 * the code's own patterns; a link with a secret in it is random enough.
 */

// By version: all codewords, those for error correction in each block, and how many blocks there are.
const VERSIONS = [
  [26, 10, 1], [44, 16, 1], [70, 26, 1], [100, 18, 2], [134, 24, 2], [172, 16, 4], [196, 18, 4], [242, 22, 4],
  [292, 22, 5],
];
const FORMAT = 0x5412; // level M with the first mask, and its own error correction
const VERSION_BITS = { 7: 0x07c94, 8: 0x085bc, 9: 0x09a99 }; // likewise; smaller versions do not tell
const FIELD = 0x11d; // of the bytes: GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1

/**
 * @param {string} text
 * @returns {boolean[][]|null} rows of modules, true where they are dark, without the quiet zone around them, which is
 *   four modules wide; null where the text is too long: more than 180 bytes
 */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const found = VERSIONS.findIndex(([all, correction, blocks]) => bytes.length + 2 <= all - correction * blocks);
  if (found < 0) return null;
  const modules = patterns(found + 1);
  fill(modules, codewords(bytes, ...VERSIONS[found]));
  return modules;
}

/** As they are read: the blocks' bytes by turns, those for error correction last. */
function codewords(bytes, all, correction, count) {
  const length = all - correction * count;
  const nibbles = [4, bytes.length >> 4, bytes.length & 15, ...[...bytes].flatMap((byte) => [byte >> 4, byte & 15]), 0];
  const data = Array.from({ length: nibbles.length / 2 }, (_, at) => 16 * nibbles[2 * at] + nibbles[2 * at + 1]);
  while (data.length < length) data.push(0xec, 0x11);
  data.length = length;
  const blocks = [];
  for (let number = 0; number < count; number++) {
    const isLonger = number >= count - (length % count);
    blocks.push(data.splice(0, Math.floor(length / count) + (isLonger ? 1 : 0)));
  }
  return [...byTurns(blocks), ...byTurns(blocks.map((block) => checks(block, correction)))];
}

function byTurns(blocks) {
  const longest = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: longest }, (_, at) => blocks.flatMap((block) => block.slice(at, at + 1))).flat();
}

/** Reed and Solomon's: what is left of the block, as a polynomial, divided by (x - 1) (x - 2) (x - 4) ... */
function checks(block, count) {
  let divisor = [1];
  for (let power = 0, root = 1; power < count; power++, root = times(root, 2)) {
    divisor = [...divisor, 0].map((each, at) => each ^ times(divisor[at - 1] ?? 0, root));
  }
  const rest = [...block, ...new Array(count).fill(0)];
  for (let at = 0; at < block.length; at++) {
    const factor = rest[at];
    for (const [index, each] of divisor.entries()) rest[at + index] ^= times(each, factor);
  }
  return rest.slice(block.length);
}

function times(one, other) {
  let product = 0;
  for (let power = one; other; other >>= 1, power = (power << 1) ^ (power & 0x80 ? FIELD : 0)) {
    if (other & 1) product ^= power;
  }
  return product;
}

/** All that is the same in each code of this version; null where the text goes. */
function patterns(version) {
  const size = 17 + 4 * version;
  const modules = Array.from({ length: size }, () => new Array(size).fill(null));
  const squares = (row, column, reach, isDark) => {
    for (let y = Math.max(0, row - reach); y <= Math.min(size - 1, row + reach); y++) {
      for (let x = Math.max(0, column - reach); x <= Math.min(size - 1, column + reach); x++) {
        modules[y][x] = isDark(Math.max(Math.abs(y - row), Math.abs(x - column)));
      }
    }
  };
  const corners = [[3, 3], [3, size - 4], [size - 4, 3]];
  for (const [row, column] of corners) squares(row, column, 4, (distance) => distance !== 2 && distance !== 4);
  const lines = version === 1 ? [] : version < 7 ? [6, size - 7] : [6, (size - 1) / 2, size - 7];
  for (const row of lines) {
    for (const column of lines) {
      const isFree = row + column > 12 && Math.abs(row - column) !== size - 13;
      if (isFree) squares(row, column, 2, (distance) => distance !== 1);
    }
  }
  for (let at = 8; at < size - 8; at++) modules[6][at] = modules[at][6] = at % 2 === 0;
  told(modules, version, size);
  return modules;
}

/** The format, twice, and the version, twice: the lowest bit first. */
function told(modules, version, size) {
  for (let bit = 0; bit < 15; bit++) {
    const isDark = ((FORMAT >> bit) & 1) === 1;
    const near = bit < 6 ? bit : bit < 8 ? bit + 1 : bit === 8 ? 7 : 14 - bit; // beside the timing line, which it skips
    if (bit < 8) modules[near][8] = modules[8][size - 1 - bit] = isDark;
    else modules[8][near] = modules[size - 15 + bit][8] = isDark;
  }
  modules[size - 8][8] = true;
  for (let bit = 0; version >= 7 && bit < 18; bit++) {
    const [far, near] = [size - 11 + (bit % 3), Math.floor(bit / 3)];
    modules[near][far] = modules[far][near] = ((VERSION_BITS[version] >> bit) & 1) === 1;
  }
}

/** From the lower right on, in columns two modules wide, up and down by turns; masked. */
function fill(modules, bytes) {
  const size = modules.length;
  let bit = 0;
  for (let right = size - 1, isUp = true; right > 0; right -= 2, isUp = !isUp) {
    if (right === 6) right--; // the timing line's
    for (let step = 0; step < size; step++) {
      const row = isUp ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (modules[row][column] !== null) continue;
        const value = (bytes[bit >> 3] >> (7 - (bit & 7))) & 1; // 0 beyond the last byte
        modules[row][column] = (value === 1) !== ((row + column) % 2 === 0);
        bit++;
      }
    }
  }
}
