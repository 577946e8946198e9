#include "bindings/gil.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "runtime/cancellation.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

// Threads that are about to take the GIL. After the interpreter has ended they must not even try:
// its memory is gone. So the thread that ends it waits, without the GIL, until there are none.
std::atomic<uint32_t> asking{0};
std::atomic<bool> kept_out{false};                      // only the ender may take the GIL
std::atomic<std::thread::id> ender{std::thread::id()};  // which thread ends the process

// Takes the GIL by way of `take`, as long as there is one to be had.
template <typename Take>
auto ask(const Take& take) {
  asking.fetch_add(1);
  if (kept_out.load() && is_left_over()) {
    asking.fetch_sub(1);
    stand_still();
  }
  const auto answer = standing(take);
  asking.fetch_sub(1);
  return answer;
}

}  // namespace

void stand_still() noexcept {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(24));
}

bool is_left_over() { return process_ending.load() && ender.load() != std::this_thread::get_id(); }

Unlocked::~Unlocked() {
  ask([this] {
    PyEval_RestoreThread(state_);
    return true;
  });
}

Locked::Locked() : state_(ask([] { return PyGILState_Ensure(); })) {}

nb::object call(nb::handle callable, nb::handle first, nb::handle second) {
  PyObject* const function = callable.ptr();
  // A callee may write to the place before them, which saves a method copying its arguments.
  PyObject* places[] = {nullptr, first.ptr(), second.ptr()};
  const size_t count = second.is_valid() ? 2 : first.is_valid() ? 1 : 0;
  PyObject* const answer = standing([&] {
    return PyObject_Vectorcall(function, places + 1, count | PY_VECTORCALL_ARGUMENTS_OFFSET,
                               nullptr);
  });
  if (answer == nullptr) throw nb::python_error();
  return nb::steal(answer);
}

void handle_signals() {
  if (standing([] { return PyErr_CheckSignals(); }) != 0) throw nb::python_error();
}

void bind_gil(nb::module_& m) {
  m.def(
      "end_calls",
      [] {
        ender.store(std::this_thread::get_id());
        process_ending.store(true);
      },
      "The calling thread is about to end the process: calls of others raise ClosedError, and no "
      "threads are started.");
  m.def(
      "keep_out", [] { kept_out.store(true); },
      "From now on the others stand still when they come back to Python.");
  m.def(
      "asking", [] { return asking.load(); },
      "How many threads wait for the GIL at this moment, in calls of this module.");
  m.def(
      "forked", [] { asking.store(0); },
      "This is a forked child: threads that waited are not here.");
}

}  // namespace vdb::bindings
