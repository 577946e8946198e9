// Segments of a text field, over memory of Python's.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>

#include <memory>
#include <optional>
#include <vector>

#include "text/segment.h"

namespace vdb::bindings {

namespace nb = nanobind;

// Bytes of an object that has them, for as long as this lives. Made and given up with the GIL.
class BufferView {
 public:
  explicit BufferView(nb::handle object);  // throws python_error
  ~BufferView();
  BufferView(BufferView&& other) noexcept;
  BufferView(const BufferView&) = delete;
  BufferView& operator=(const BufferView&) = delete;

  const uint8_t* data() const { return static_cast<const uint8_t*>(view_.buf); }
  size_t size() const { return static_cast<size_t>(view_.len); }

 private:
  Py_buffer view_;
};

// For each segment an object with bytes, or None.
using Bitmaps = nb::typed<nb::sequence, std::optional<nb::object>>;

// A segment and the memory of its parts.
struct PythonTextSegment {
  PythonTextSegment() = default;
  PythonTextSegment(const PythonTextSegment&) = delete;
  PythonTextSegment& operator=(const PythonTextSegment&) = delete;

  std::vector<BufferView> views;
  std::shared_ptr<const TextSegment> segment;
};

}  // namespace vdb::bindings
