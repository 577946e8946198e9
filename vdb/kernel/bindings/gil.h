// Giving up the GIL and taking it, and calling Python, in a process that may be about to end.
//
// When the interpreter ends it waits for nobody. Up to Python 3.13 a thread that asks for the GIL
// from then on is ended on the spot (pthread_exit), which unwinds its stack: through destructors
// that must not throw, past threads that nobody has joined, and with objects of Python's to be
// given back without the GIL. Each of these ends the process (abort). From 3.14 on such a thread
// stands still for ever. Here it does so in every version: whatever may ask for the GIL is called
// inside `standing`, which lets no unwinding pass, and nothing lies between them that has a
// destructor.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>

namespace vdb::bindings {

namespace nb = nanobind;

[[noreturn]] void stand_still() noexcept;

// Whether the process is about to end, and another thread is the one that ends it.
bool is_left_over();

// The answer of `call`, which calls nothing but functions of Python's C interface: they throw
// nothing, so whatever comes out of them is the end of this thread.
template <typename Call>
auto standing(const Call& call) {
  try {
    return call();
  } catch (...) {
    stand_still();
  }
}

// Without the GIL, which the thread holds, for as long as this lives.
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  ~Unlocked();
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

// With the GIL, on a thread that Python may not know.
class Locked {
 public:
  Locked();
  ~Locked() { PyGILState_Release(state_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  PyGILState_STATE state_;
};

// callable(), or with one argument or two where there are; throws python_error. With the GIL.
nb::object call(nb::handle callable, nb::handle first = {}, nb::handle second = {});
// Lets signals be handled, where the thread is the one that does it; throws python_error.
void handle_signals();

void bind_gil(nb::module_& m);

}  // namespace vdb::bindings
