#include "bindings/id_cache.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace vdb::bindings {

namespace {

constexpr uint32_t kMostNumbers = 1 << 19;  // places: 8 MiB, of which what is used is touched
constexpr uint32_t kMostTexts = 1 << 16;    // and their texts, about 5 MiB

uint32_t places_for(uint32_t slots, bool text) {
  const uint32_t most = text ? kMostTexts : kMostNumbers;
  uint32_t places = 1;
  while (places < std::min(slots, most)) places *= 2;
  return places;
}

}  // namespace

IdCache::IdCache(uint32_t slots, bool text)
    : slots_(slots), text_(text), mask_(places_for(slots, text) - 1) {
  places_ = static_cast<Place*>(std::calloc(size_t{mask_} + 1, sizeof(Place)));
  if (places_ == nullptr) throw std::bad_alloc();
}

IdCache::~IdCache() {
  if (text_)
    for (uint32_t i = 0; i <= mask_; ++i)
      if (places_[i].owner != 0) Py_DECREF(places_[i].text);
  std::free(places_);
}

std::vector<uint32_t> IdCache::cached(const std::vector<uint32_t>& slots, int64_t* numbers,
                                      std::vector<nb::object>* texts) {
  std::vector<uint32_t> left;
  if (text_) texts->resize(slots.size());
  const std::lock_guard<std::mutex> lock(mutex_);
  for (uint32_t i = 0; i < slots.size(); ++i) {
    const Place& cached = place(slots[i]);
    if (cached.owner != slots[i] + 1)
      left.push_back(i);
    else if (text_)
      (*texts)[i] = nb::borrow(cached.text);
    else
      numbers[i] = cached.number;
  }
  return left;
}

bool IdCache::read(const StoredRecords& records, const std::vector<uint32_t>& slots,
                   const std::vector<uint32_t>& left, int64_t* numbers,
                   std::vector<nb::object>* texts) {
  std::vector<uint32_t> unread;
  for (const uint32_t i : left) unread.push_back(slots[i]);
  nb::list ids;
  if (records.read(unread.data(), unread.size(), ids, nullptr) < unread.size()) return false;
  for (size_t at = 0; at < left.size(); ++at) {
    if (text_)
      (*texts)[left[at]] = ids[at];
    else
      numbers[left[at]] = nb::cast<int64_t>(ids[at]);
  }
  std::vector<nb::object> dropped;  // texts that lose their places end after the lock is given back
  dropped.reserve(left.size());
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const uint32_t i : left) {
    Place& cached = place(slots[i]);
    if (text_) {
      if (cached.owner != 0) dropped.push_back(nb::steal(cached.text));
      cached.text = nb::object((*texts)[i]).release().ptr();
    } else {
      cached.number = numbers[i];
    }
    cached.owner = slots[i] + 1;
  }
  return true;
}

}  // namespace vdb::bindings
