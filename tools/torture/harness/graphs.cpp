// Hostile graphs under valid checksums: reads and writes end with an answer or with Corrupted.
//
// As a program: reads lines "SEED FIRST COUNT" and answers each with "right COUNT" when so many
// rounds, made from the seed and their number alone, came out well. A round that does not ends the
// program, and its number is said on stderr. With VDB_FUZZER it is a target for libFuzzer instead.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

#include "mutations.h"
#include "operations.h"

namespace vdb::harness {
namespace {

const std::vector<Collection>& sound() {
  static const std::vector<Collection>* const all = [] {
    auto* const made = new std::vector<Collection>;
    for (const Kind& kind : kinds()) made->push_back(make(kind, 1));
    return made;
  }();
  return *all;
}

void round(const uint8_t* data, size_t size) {
  Input input(data, size);
  const std::vector<Collection>& all = sound();
  Collection collection = all[input.below(static_cast<uint32_t>(all.size()))];
  mutate(&collection, input);
  read(collection, input);
  write(collection, input);
}

}  // namespace
}  // namespace vdb::harness

#if defined(VDB_FUZZER)

// Before the first input, whose time is taken.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  vdb::harness::sound();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vdb::harness::round(data, size);
  return 0;
}

#else

namespace {

constexpr unsigned kSeconds = 30;  // a round takes some milliseconds
volatile unsigned long long current = 0;

void said(const char* what) {
  char line[80];
  const int n = std::snprintf(line, sizeof line, "round %llu: %s\n", current, what);
  if (write(2, line, static_cast<size_t>(n)) < 0) _exit(3);
}

extern "C" void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

std::vector<uint8_t> input_of(uint64_t seed, uint64_t number) {
  vdb::harness::Random random(seed * 0x9E3779B97F4A7C15u ^ number);
  std::vector<uint8_t> bytes(64 + random.below(400));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next() >> 24);
  return bytes;
}

}  // namespace

int main() {
  std::signal(SIGALRM, [](int) {
    said("does not end");
    _exit(2);
  });
  std::signal(SIGABRT, [](int) {
    said("ended with an error");
    _exit(2);
  });
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback([] { said("a report of the sanitizer"); });
  vdb::harness::sound();
  unsigned long long seed, first, count;
  while (std::scanf("%llu %llu %llu", &seed, &first, &count) == 3) {
    for (current = first; current < first + count; current = current + 1) {
      alarm(kSeconds);
      const std::vector<uint8_t> input = input_of(seed, current);
      vdb::harness::round(input.data(), input.size());
    }
    alarm(0);
    std::printf("right %llu\n", count);
    std::fflush(stdout);
  }
  const vdb::harness::Tally all = vdb::harness::tally();
  std::fprintf(stderr, "%llu reads, %llu of them refused; %llu writes, %llu of them refused\n",
               all.reads, all.refused_reads, all.writes, all.refused_writes);
  return 0;
}

#endif
