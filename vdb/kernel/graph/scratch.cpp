#include "graph/scratch.h"

#include <mutex>

namespace vdb {
namespace {

constexpr size_t kMostKept = 64;

// Room for all is reserved once, so that returning one never fails. Never destroyed: threads may
// still use it while the process ends. The lock is only tried: where it is held, which in the child
// of a fork may be for ever, a new Scratch is made.
struct Shelf {
  Shelf() { kept.reserve(kMostKept); }
  std::mutex mutex;
  std::vector<std::unique_ptr<Scratch>> kept;
};

Shelf& shelf() {
  static Shelf* const shelf = new Shelf;
  return *shelf;
}

}  // namespace

ScratchLease::ScratchLease() {
  const std::unique_lock<std::mutex> lock(shelf().mutex, std::try_to_lock);
  if (lock.owns_lock() && !shelf().kept.empty()) {
    scratch_ = std::move(shelf().kept.back());
    shelf().kept.pop_back();
  } else {
    scratch_ = std::make_unique<Scratch>();
  }
}

ScratchLease::~ScratchLease() {
  if (scratch_ == nullptr) return;
  const std::unique_lock<std::mutex> lock(shelf().mutex, std::try_to_lock);
  if (lock.owns_lock() && shelf().kept.size() < kMostKept)
    shelf().kept.push_back(std::move(scratch_));
}

}  // namespace vdb
