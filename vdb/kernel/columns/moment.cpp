#include "columns/moment.h"

namespace vdb {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

// Days since 1970 of a day of the Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms", days_from_civil, for years from 0 on.
int64_t days_since_1970(int year, int month, int day) {
  year -= month <= 2;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return int64_t{era} * 146'097 + day_of_era - 719'468;
}

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Reads from the front; once something was not as expected, nothing is any more.
class Text {
 public:
  Text(const char* text, size_t size) : at_(text), end_(text + size) {}

  bool good() const { return good_; }
  bool at_end() const { return at_ == end_; }
  char next() const { return at_ == end_ ? '\0' : *at_; }
  bool digit() const { return at_ != end_ && *at_ >= '0' && *at_ <= '9'; }

  bool skip(char a, char b = '\0', char c = '\0') {
    const char here = next();
    if (here == '\0' || (here != a && here != b && here != c)) return false;
    ++at_;
    return true;
  }
  void expect(char a, char b = '\0', char c = '\0') { good_ = good_ && skip(a, b, c); }

  int number(int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      good_ = good_ && digit();
      if (!good_) return 0;
      value = value * 10 + (*at_++ - '0');
    }
    return value;
  }

  // 1 to 12 digits as millionths, those beyond cut off.
  int64_t fraction() {
    int64_t value = 0;
    int digits = 0;
    for (; digit(); ++at_, ++digits) {
      if (digits < 6) value = value * 10 + (*at_ - '0');
    }
    good_ = good_ && digits >= 1 && digits <= 12;
    for (; digits < 6; ++digits) value *= 10;
    return value;
  }

 private:
  const char* at_;
  const char* end_;
  bool good_ = true;
};

}  // namespace

std::optional<int64_t> moment_of(const char* characters, size_t size) {
  Text text(characters, size);
  const int year = text.number(4);
  text.expect('-');
  const int month = text.number(2);
  text.expect('-');
  const int day = text.number(2);
  if (!text.good() || year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
    return std::nullopt;
  int64_t micro = days_since_1970(year, month, day) * kDay;
  if (!text.at_end()) {
    text.expect('T', 't', ' ');
    const int hour = text.number(2);
    text.expect(':');
    const int minute = text.number(2);
    int second = 0;
    int64_t fraction = 0;
    if (text.skip(':')) {
      second = text.number(2);
      if (text.skip('.', ',')) fraction = text.fraction();
    }
    const bool midnight = hour == 24 && minute == 0 && second == 0;
    if ((hour > 23 && !midnight) || minute > 59 || second > 59) return std::nullopt;
    micro += ((hour * 60 + minute) * int64_t{60} + second) * kSecond + fraction;
    const char sign = text.next();
    if (text.skip('+', '-')) {
      const int hours = text.number(2);
      text.skip(':');
      const int minutes = text.number(2);
      if (hours > 23 || minutes > 59) return std::nullopt;
      const int64_t offset = (hours * 60 + minutes) * 60 * kSecond;
      micro -= sign == '+' ? offset : -offset;
    } else {
      text.skip('Z', 'z');
    }
  }
  const int64_t first = days_since_1970(1, 1, 1) * kDay;
  const int64_t last = days_since_1970(9999, 12, 31) * kDay + kDay - 1;
  if (!text.good() || !text.at_end() || micro < first || micro > last) return std::nullopt;
  return micro;
}

}  // namespace vdb
