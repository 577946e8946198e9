// Errors of the kernel. The bindings translate them into Python's.
#pragma once

#include <stdexcept>
#include <string>

namespace vdb {

// Bytes on disk contradict the format: reported, never followed.
struct Corrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The call was cancelled from outside (a failing source, a signal, a progress callback). The caller
// has the reason.
struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("stopped") {}
};

}  // namespace vdb
