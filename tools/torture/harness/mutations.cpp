#include "mutations.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

namespace vdb::harness {
namespace {

constexpr uint32_t kMostLies = 8;
constexpr uint32_t kAtHeader = 8;  // what is changed of a header lies behind magic, kind and level

class Liar {
 public:
  Liar(Collection* collection, Input& input) : c_(*collection), in_(input) {}
  ~Liar() {
    for (const std::string& key : touched_)
      if (Buffer* const block = c_.blocks.own(key)) reseal(block);
  }
  Liar(const Liar&) = delete;
  Liar& operator=(const Liar&) = delete;

  void lie() {
    switch (in_.below(128) % 40) {
      case 0:
      case 1:
      case 2:
        return one_link();
      case 3:
        return upper_link();
      case 4:
        return fill_list();
      case 5:
        return copy_row();
      case 6:
        return swap_rows();
      case 7:
        return duplicate_word();
      case 8:
        return ring();
      case 9:
        return meeting_chains();
      case 10:
        return hub();
      case 11:
        return tree_everywhere();
      case 12:
        return one_sided();
      case 13:
        return entry();
      case 14:
        return named_slots();
      case 15:
        return free_list();
      case 16:
        return component();
      case 17:
        return equal_vectors();
      case 18:
        return norm();
      case 19:
        return code();
      case 20:
        return noise();
      case 21:
        return unused_row();
      case 22:
        return in_.below(8) == 0 ? header() : one_link();
      case 23:
        return in_.below(8) == 0 ? length() : one_link();
      case 24:
      case 25:
        return duplicate_word();
      case 26:
        return copy_row();
      default:
        return in_.below(4) == 0 ? upper_link() : one_link();
    }
  }

 private:
  uint32_t slot() { return in_.below(c_.state.slots); }
  // A slot number, mostly one that is too large or has another meaning.
  uint32_t word() {
    switch (in_.below(8)) {
      case 0:
        return slot() | kTreeBit;
      case 1:
        return c_.state.slots + in_.below(4);
      case 2:
        return kNone;
      case 3:
        return kNoDuplicate;
      case 4:
        return kNoDuplicate | kTreeBit;
      case 5:
        return in_.word();
      default:
        return slot();
    }
  }
  float number() {
    using Limits = std::numeric_limits<float>;
    const float numbers[] = {Limits::quiet_NaN(),
                             Limits::infinity(),
                             -Limits::infinity(),
                             Limits::max(),
                             -Limits::max(),
                             Limits::denorm_min(),
                             -1.0f,
                             -2.0f,
                             0.0f,
                             -0.0f,
                             1e19f,
                             1.0f};
    if (in_.below(4) != 0) return numbers[in_.below(12)];
    const uint32_t bits = in_.word();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  // Bytes at a place, or nullptr where there is no such block any more.
  uint8_t* at(const Collection::Place& place) {
    Buffer* const block = c_.blocks.own(place.key);
    if (block == nullptr || block->size < place.offset + place.row_size) return nullptr;
    touched_.insert(place.key);
    return block->bytes.get() + place.offset;
  }
  uint32_t* words(uint32_t level, uint32_t slot) {
    return reinterpret_cast<uint32_t*>(at(c_.links(level, slot)));
  }
  uint32_t capacity(uint32_t level) const { return (level == 0 ? 2 : 1) * c_.kind.M; }
  uint32_t level() { return in_.below(std::min(4u, Graph::level_limit(c_.kind.M))); }

  void one_link() {
    if (uint32_t* const row = words(0, slot())) row[in_.below(1 + capacity(0))] = word();
  }
  void upper_link() {
    const uint32_t on = 1 + in_.below(3);
    if (on >= Graph::level_limit(c_.kind.M)) return;
    if (uint32_t* const row = words(on, slot())) row[in_.below(capacity(on))] = word();
  }
  void fill_list() {
    const uint32_t on = level();
    const bool same = in_.below(2) == 0;
    uint32_t value = word();
    if (uint32_t* const row = words(on, slot()))
      for (uint32_t i = on == 0; i < capacity(on) + (on == 0); ++i, value = same ? value : word())
        row[i] = value;
  }
  void copy_row() {
    const uint32_t on = level();
    const uint32_t* const from = words(on, slot());
    uint32_t* const to = words(on, slot());
    if (from != nullptr && to != nullptr && from != to)
      std::copy_n(from, capacity(on) + (on == 0), to);
  }
  void swap_rows() {
    uint32_t *const a = words(0, slot()), *const b = words(0, slot());
    if (a != nullptr && b != nullptr && a != b) std::swap_ranges(a, a + 1 + capacity(0), b);
  }
  void duplicate_word() {
    if (uint32_t* const row = words(0, slot())) row[0] = word();
  }
  void make_duplicate(uint32_t slot, uint32_t next, uint32_t of, uint32_t before) {
    uint32_t* const row = words(0, slot);
    if (row == nullptr) return;
    row[0] = kDuplicateBit | next;
    row[1] = of;
    row[2] = before;
  }
  // A chain of duplicates without an end, off a node or on its own.
  void ring() {
    const uint32_t node = slot(), length = 1 + in_.below(6);
    uint32_t first = slot(), before = node, here = first;
    for (uint32_t i = 0; i < length; ++i) {
      const uint32_t next = i + 1 == length ? first : slot();
      make_duplicate(here, next, node, before);
      before = here;
      here = next;
    }
    if (uint32_t* const row = words(0, node)) row[0] = first;
  }
  // Many nodes whose chains lead into one.
  void meeting_chains() {
    const uint32_t target = slot(), from = slot(), count = in_.below(c_.state.slots);
    for (uint32_t i = 0; i < count; ++i)
      if (uint32_t* const row = words(0, (from + i) % c_.state.slots)) row[0] = target;
    if (in_.below(2) == 0) return;
    for (uint32_t i = 0; i < count; ++i)  // one long chain
      make_duplicate((target + i) % c_.state.slots, (target + i + 1) % c_.state.slots, from,
                     (target + i - 1) % c_.state.slots);
  }
  // One slot in the lists of all nodes.
  void hub() {
    const uint32_t on = level(), of = word(), place = in_.below(capacity(on));
    for (uint32_t s = 0; s < c_.state.slots; ++s)
      if (uint32_t* const row = words(on, s)) row[place + (on == 0)] = of;
  }
  void tree_everywhere() {
    const bool set = in_.below(2) == 0;
    const uint32_t from = slot(), count = in_.below(c_.state.slots);
    for (uint32_t i = 0; i < count; ++i)
      if (uint32_t* const row = words(0, (from + i) % c_.state.slots))
        for (uint32_t j = 1; j <= capacity(0) && row[j] != kNone; ++j)
          row[j] = set ? row[j] | kTreeBit : row[j] & kSlotMask;
  }
  // A list that ends early: the other side still has the link.
  void one_sided() {
    const uint32_t on = level();
    if (uint32_t* const row = words(on, slot()))
      std::fill_n(row + (on == 0) + in_.below(capacity(on)), 1, kNone);
  }
  void unused_row() {
    if (uint32_t* const row = words(0, slot())) std::fill_n(row, 1 + capacity(0), kNone);
  }

  void entry() { c_.state.entry = in_.below(4) == 0 ? word() : slot(); }
  void named_slots() {
    std::vector<uint32_t>& named = in_.below(2) == 0 ? c_.state.longest : c_.state.unlinked;
    if (in_.below(4) == 0) named.clear();
    for (uint32_t n = in_.below(40); n > 0; --n)
      named.push_back(in_.below(64) == 0 ? word() : slot());
  }
  void free_list() {
    if (in_.below(2) == 0) c_.free_head = in_.below(3) == 0 ? word() : slot();
    if (in_.below(2) == 0) c_.free_count = in_.below(64);
    // Slots that are free, one leading to the other.
    const uint32_t first = slot();
    uint32_t here = first;
    for (uint32_t n = in_.below(5); n > 0; --n) {
      const uint32_t next = n == 1 ? first : slot();
      if (uint8_t* const norm = at(c_.norm(here))) {
        const float gone = -1;
        std::memcpy(norm, &gone, sizeof gone);
      }
      if (uint8_t* const row = at(c_.vector(here))) std::memcpy(row, &next, sizeof next);
      here = next;
    }
    if (in_.below(2) == 0) c_.free_head = first;
  }

  void component() {
    const uint32_t from = slot(), count = in_.below(4) == 0 ? in_.below(c_.state.slots) : 1;
    const bool everywhere = in_.below(2) == 0;
    const float value = number();
    const uint32_t i = in_.below(static_cast<uint32_t>(c_.state.shape.length()));
    for (uint32_t n = 0; n < count; ++n)
      if (uint8_t* const row = at(c_.vector((from + n) % c_.state.slots)))
        for (size_t j = everywhere ? 0 : i; j < (everywhere ? c_.state.shape.length() : i + 1); ++j)
          set(row, j, value);
  }
  void set(uint8_t* row, size_t i, float value) const {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const auto upper = static_cast<uint16_t>(bits >> 16);
    // Of a float16: infinity or no number where the float is one, else whatever comes.
    const auto half = static_cast<uint16_t>(
        (bits & 0x7F800000u) == 0x7F800000u ? 0x7C00u | (upper & 0x8000u) | (bits & 0x400000u) >> 13
                                            : upper);
    switch (c_.kind.dtype) {
      case DType::kFloat32:
        std::memcpy(row + 4 * i, &value, 4);
        return;
      case DType::kFloat16:
        std::memcpy(row + 2 * i, &half, 2);
        return;
      default:
        row[i] = static_cast<uint8_t>(bits >> 24);
    }
  }
  void equal_vectors() {
    const uint32_t from = slot(), count = in_.below(c_.state.slots);
    const uint8_t* const source = at(c_.vector(from));
    if (source == nullptr) return;
    const std::vector<uint8_t> row(source, source + c_.state.shape.row_bytes());
    for (uint32_t i = 0; i < count; ++i)
      if (uint8_t* const to = at(c_.vector((from + i) % c_.state.slots)))
        std::copy(row.begin(), row.end(), to);
  }
  void norm() {
    const uint32_t from = slot(), count = in_.below(4) == 0 ? in_.below(c_.state.slots) : 1;
    const float value = number();
    for (uint32_t i = 0; i < count; ++i)
      if (uint8_t* const norm = at(c_.norm((from + i) % c_.state.slots)))
        std::memcpy(norm, &value, sizeof value);
  }
  void code() {
    if (c_.kind.codes == CodeKind::kNoCodes) return norm();
    const uint32_t from = slot(), count = in_.below(4) == 0 ? in_.below(c_.state.slots) : 1;
    const uint32_t field = in_.below(6);
    const float value = number();
    const uint8_t byte = in_.byte();
    for (uint32_t i = 0; i < count; ++i) {
      const Collection::Place place = c_.code((from + i) % c_.state.slots);
      uint8_t* const row = at(place);
      if (row == nullptr) continue;
      if (field < 4)
        std::memcpy(row + 4 * field, &value, sizeof value);
      else
        std::fill(row + sizeof(CodeHead), row + place.row_size, byte);
    }
  }

  std::string any_key() {
    auto found = c_.blocks.all().begin();
    std::advance(found, in_.below(static_cast<uint32_t>(c_.blocks.all().size())));
    return found->first;
  }
  void noise() {
    const std::string key = any_key();
    Buffer* const block = c_.blocks.own(key);
    if (block->size <= kHeaderSize) return;
    touched_.insert(key);
    const auto size = static_cast<uint32_t>(block->size - kHeaderSize);
    const uint32_t from = in_.below(size), count = std::min(size - from, 1 + in_.below(200));
    for (uint32_t i = 0; i < count; ++i) block->bytes[kHeaderSize + from + i] = in_.byte();
  }
  void header() {
    const std::string key = any_key();
    Buffer* const block = c_.blocks.own(key);
    if (block->size < kHeaderSize) return;
    touched_.insert(key);
    const uint32_t place = in_.below(kHeaderSize / 4) * 4;
    const uint32_t value = in_.below(2) == 0 ? in_.word() : in_.below(64);
    if (place >= kAtHeader || in_.below(8) == 0)
      std::memcpy(block->bytes.get() + place, &value, sizeof value);
  }
  // A block that is gone, too short or too long.
  void length() {
    const std::string key = any_key();
    if (in_.below(3) == 0) return c_.blocks.erase(key);
    const Buffer* const block = c_.blocks.own(key);
    const size_t size = in_.below(2) == 0 ? in_.below(static_cast<uint32_t>(block->size) + 1)
                                          : block->size + in_.below(64);
    std::vector<uint8_t> bytes(block->bytes.get(), block->bytes.get() + block->size);
    bytes.resize(size);
    c_.blocks.put(key, bytes.data(), size);
    touched_.insert(key);
  }

  Collection& c_;
  Input& in_;
  std::set<std::string> touched_;
};

}  // namespace

void mutate(Collection* collection, Input& input) {
  Liar liar(collection, input);
  for (uint32_t lies = 1 + input.below(kMostLies); lies > 0; --lies) liar.lie();
}

}  // namespace vdb::harness
