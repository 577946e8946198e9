// Blocks, signals and progress by way of Python, for a kernel that knows nothing of it.
#pragma once

#include <nanobind/nanobind.h>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "bindings/gil.h"
#include "blocks/block_table.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/float_mode.h"

namespace vdb::bindings {

namespace nb = nanobind;

// Blocks by way of a Python callable: bytes -> a buffer that outlives the call, or None.
// The first Python exception is kept and thrown again once the kernel has unwound. Python code that
// is called from inside, a progress callback or a signal handler above all, computes with floats
// as it did outside.
//
// It is also the Cancellation of the call: when it is polled, signals are handled.
class PythonSource final : public Source, private Cancellation {
 public:
  explicit PythonSource(nb::handle fetch) : fetch_(fetch), mode_(float_mode()) {}

  Value fetch(const std::string& key) override {
    const Locked gil;
    const FloatMode callers(mode_);
    try {
      const nb::object value = call(fetch_, nb::bytes(key.data(), key.size()));
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
    const Locked gil;
    const FloatMode callers(mode_);
    try {
      handle_signals();
      if (progress.is_valid() && !progress.is_none())
        call(progress, nb::int_(done), nb::int_(total));
      return;
    } catch (nb::python_error& error) {
      keep(error);
    }
    throw Stopped();
  }

  // Runs `body` without the GIL.
  template <typename Body>
  auto run(const Body& body) {
    if (is_left_over()) end();
    try {
      const Unlocked released;
      const Scope scope(this, true);
      return body();
    } catch (const Stopped&) {
    }
    if (!error_) throw std::logic_error("stopped without a reason");
    throw nb::python_error(std::move(*error_));
  }

 private:
  bool may_continue() override {
    if (is_left_over()) {
      const Locked gil;
      try {
        end();
      } catch (nb::python_error& error) {
        keep(error);
      }
      return false;
    }
    try {
      tick(nb::handle(), 0, 0);
    } catch (const Stopped&) {
      return false;
    }
    return true;
  }

  [[noreturn]] static void end() {
    const nb::object type = nb::module_::import_("vdb.errors").attr("ClosedError");
    PyErr_SetString(type.ptr(), "the process ends, and this call with it");
    throw nb::python_error();
  }

  void keep(nb::python_error& error) {
    const std::lock_guard<std::mutex> turn(keeping_);
    if (!error_) error_.emplace(std::move(error));
  }

  nb::handle fetch_;
  uint64_t mode_;
  // Several threads may fail at once. Their GIL keeps them apart where there is one.
  std::mutex keeping_;
  std::optional<nb::python_error> error_;
};

}  // namespace vdb::bindings
