// Blocks, signals and progress by way of Python, for a kernel that knows nothing of it.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "block_table.h"
#include "errors.h"
#include "float_mode.h"

namespace vdb::bindings {

namespace nb = nanobind;

// Blocks by way of a Python callable: bytes -> a buffer that outlives the call, or None.
// The first Python exception is kept and thrown again once the kernel has unwound. Python code that
// is called from inside, a progress callback or a signal handler above all, computes with floats
// as it did outside.
class PythonSource final : public Source {
 public:
  explicit PythonSource(nb::handle fetch) : fetch_(fetch), mode_(float_mode()) {}

  Value fetch(const std::string& key) override {
    const nb::gil_scoped_acquire gil;
    const FloatMode callers(mode_);
    try {
      const nb::object value = fetch_(nb::bytes(key.data(), key.size()));
      if (value.is_none()) return {nullptr, 0};
      Py_buffer buffer;
      if (PyObject_GetBuffer(value.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
      const Value result{static_cast<const uint8_t*>(buffer.buf), static_cast<size_t>(buffer.len)};
      PyBuffer_Release(&buffer);
      return result;
    } catch (nb::python_error& error) {
      keep(error);
    }
    throw Stopped();
  }

  // Between sub-batches: lets signals be handled and reports progress.
  void tick(nb::handle progress, size_t done, size_t total) {
    const nb::gil_scoped_acquire gil;
    const FloatMode callers(mode_);
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      if (!progress.is_none()) progress(done, total);
      return;
    } catch (nb::python_error& error) {
      keep(error);
    }
    throw Stopped();
  }

  // Runs `body` without the GIL.
  template <typename Body>
  auto run(const Body& body) {
    try {
      const nb::gil_scoped_release release;
      return body();
    } catch (const Stopped&) {
    }
    if (!error_) throw std::logic_error("stopped without a reason");
    throw nb::python_error(std::move(*error_));
  }

 private:
  void keep(nb::python_error& error) {
    if (!error_) error_.emplace(std::move(error));
  }

  nb::handle fetch_;
  uint64_t mode_;
  std::optional<nb::python_error> error_;
};

}  // namespace vdb::bindings
