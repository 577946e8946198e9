// Everything that the kernel does with a collection, whatever it holds. What must come out: answers
// that are in bounds and in order, or Corrupted; anything else ends the program.
#pragma once

#include <cstdint>

#include "collection.h"
#include "input.h"

namespace vdb::harness {

// How many of them there were, and how many ended with Corrupted.
struct Tally {
  unsigned long long reads, refused_reads, writes, refused_writes;
};
Tally tally();

// Searches, scans, surveys and verifies; which, and what for, says the input.
void read(Collection& collection, Input& input);
// Removes, stores and links, commits what came of it, and reads once more.
void write(Collection& collection, Input& input);

}  // namespace vdb::harness
