// What can go wrong inside the kernel. Bindings translate these; nothing here knows Python.
#pragma once

#include <stdexcept>
#include <string>

namespace vdb {

// Bytes on disk contradict the format: reported, never followed.
struct Corrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Somebody outside asked to stop (a failing source, a signal, a progress callback); the reason is
// kept by whoever asked.
struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("stopped") {}
};

}  // namespace vdb
