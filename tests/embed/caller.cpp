// A C++ caller: the server is a member, what the library gives is freed by whoever holds it.
#include <intacct_mock.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

struct Free {
    void operator()(char *text) const { im_free(text); }
};
using Text = std::unique_ptr<char, Free>;

class Mock
{
public:
    explicit Mock(const im_options &options)
    {
        char error[IM_ERROR_MAX];
        server_ = im_start(&options, error, sizeof(error));
        if (!server_)
            throw std::runtime_error(error);
    }
    ~Mock() { im_stop(server_); }
    Mock(const Mock &) = delete;
    Mock &operator=(const Mock &) = delete;

    std::string base_url(const std::string &sandbox)
    {
        char error[IM_ERROR_MAX];
        Text url(im_base_url(server_, sandbox.c_str(), error, sizeof(error)));
        if (!url)
            throw std::invalid_argument(error);
        return url.get();
    }

private:
    im_server *server_;
};

int main()
{
    im_options options = {};
    options.seed = 7;
    Mock mock(options);
    std::string url = mock.base_url("access-token-expired.1");

    try {
        mock.base_url("access-token-expird");
        return 1;
    } catch (const std::invalid_argument &said) {
        std::cout << said.what() << '\n';
    }
    std::cout << url << '\n';
    return url.find("/s/access-token-expired.1") == std::string::npos;
}
